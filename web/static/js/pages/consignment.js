// Consignment.

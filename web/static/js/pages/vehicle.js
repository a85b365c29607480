// Vehicle.

// Enrol this device.

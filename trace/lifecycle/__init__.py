"""What a battery, a vehicle and a batch can go through, and who may say so."""

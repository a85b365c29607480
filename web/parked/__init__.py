"""Records that came too late for their place, shared by the devices of the organisation that signed them."""

"""What stands between the network and the views: how much, how fast, how often, in what form."""

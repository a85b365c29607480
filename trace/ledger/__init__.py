"""The log of one origin on one machine or cluster: where events are judged, recorded, signed and kept."""

"""Qt models over the picture: they compare with what they last showed and emit no more than what differs."""

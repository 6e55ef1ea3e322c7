"""Qt models over the picture. They compare it with what they last showed and emit only the differences."""

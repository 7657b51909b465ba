"""What only a second look finds."""

"""Where rules come from, and the functions that `custom` rules name."""

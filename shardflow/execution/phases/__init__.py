"""The phase loop: phases that choose their next step while they run, and the loop that takes these steps."""

"""What rules mean, for their authors: the page of each strategy, which rule decides a path, what looks mistaken."""

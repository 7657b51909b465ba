"""One file a family; each strategy is a pure function from a site to a verdict, its docstring is its page."""

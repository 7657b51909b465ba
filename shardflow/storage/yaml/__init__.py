"""YAML documents as JSON values with a line for every path."""

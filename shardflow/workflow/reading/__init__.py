"""From a document to a `Workflow`, part by part; each part gives a value, or every problem with its place."""

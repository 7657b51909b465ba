"""What a dry run tells, in lines: policies, and what phases of the dialect do besides."""

"""Rule sets for people and programs: their pages, what decides a path, what the laboratory found."""

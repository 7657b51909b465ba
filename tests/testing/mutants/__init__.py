"""Wrong on purpose: strategies and engines with a mistake each that people make. `README.md` says what caught them."""

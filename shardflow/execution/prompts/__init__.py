"""Templates and prompts: where they are found, and how they are rendered.

    rendered = render(read_template(path), values, Escaping.NONE)   # Rendered: text, and the names that were not there
    prompt = build_prompt(PromptRequest(...), (workflow_folder, its_parent))

`templates` renders Mustache, `prompts` finds the template of a type, or words a prompt without one.
"""

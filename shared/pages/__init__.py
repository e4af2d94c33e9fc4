"""Pages that people use: rendering, languages, forms, the fence around them. Which pages there are is said above."""

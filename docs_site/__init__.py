"""What the docs site is made of beside the pages in `docs/`: pages made from the types, and links."""

"""What the docs site has beside the pages in `docs/`: pages made from the types, and links."""

"""What the process of a served training project does; the server starts it, and never imports it."""

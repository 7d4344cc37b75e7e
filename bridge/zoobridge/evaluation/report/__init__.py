"""A comparison as an HTML page with CSV and JSON files beside it."""

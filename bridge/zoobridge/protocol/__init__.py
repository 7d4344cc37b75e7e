"""Messages and stubs of the contract, and the codecs between them and Python."""

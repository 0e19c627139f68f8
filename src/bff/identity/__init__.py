"""The built-in identity provider: so that nothing else is needed to start. Off by one setting in production."""

"""One module per platform: payload in, mentions out."""

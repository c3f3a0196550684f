"""Settings, sources and policy: files and environment in, frozen values out."""

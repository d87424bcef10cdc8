"""osmscope: where does this request land, and why there? A debugger for Envoy sidecars."""

__version__ = "0.1.0"

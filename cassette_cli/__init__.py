"""Read, review and clean the HTTP recordings that tests replay."""

__version__ = "0.1.0"

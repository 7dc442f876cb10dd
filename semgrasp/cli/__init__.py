"""The `semgrasp` command."""

"""What test suites call their cassettes: a module for each language, all of them pure."""

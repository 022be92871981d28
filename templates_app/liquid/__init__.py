"""Liquid, the language of templates with logic, under limits that no template gets around.

The library parses and renders; here stands what it must not do: scan in more than linear time (lexer), work, write or keep
without end (meter, filters), reach files, other templates or attributes of objects (environment).
"""

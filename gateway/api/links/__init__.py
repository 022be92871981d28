"""The HTTP door of readers: pixels, tracked links, the way out. Not a dialect: there is no customer at it."""

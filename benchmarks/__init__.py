"""Side by side with what a user would run instead. Not part of the installed package."""

"""What a run leaves: images with their recipe inside, a contact sheet, and what is needed to go on after a kill."""

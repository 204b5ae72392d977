### What families read. Short sentences, present tense, saying what to do next.

## Frame
kit-skip = Skip to content
kit-other-language = Français
kit-help = Help
kit-data = Your data
kit-accessibility = Accessibility
kit-home = Home

## General pages
not-found-title = This page does not exist
not-found-next = The address may have been copied wrongly, or the page has moved.

// The walk-in: print and turn the screen.

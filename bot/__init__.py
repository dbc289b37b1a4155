"""What Rasa loads: the reading components, the channel, the tracker store. Facts and words live in `signpost`."""

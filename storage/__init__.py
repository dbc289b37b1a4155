"""What both the engine and the web app need to keep anything: sealing, keyed names, settings. No web, no Rasa."""

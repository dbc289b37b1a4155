"""The doors: what people and volunteers reach. The web app, text messages, the gateway to the engine, storage."""

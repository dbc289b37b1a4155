"""Everything that knows Twilio: signatures, TwiML, sending. Nothing else in this project imports its library."""

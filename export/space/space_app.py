"""The page as a Hugging Face Space: on the port that a Space is asked on, framed by the Hub's page around it."""

import os
from pathlib import Path

from serve import main

main(
    [
        *("--models", str(Path(__file__).parent / "models")),
        *("--host", "0.0.0.0"),
        *("--port", os.environ.get("PORT", "7860")),
        # The Hub's proxy is in front of it, and shows it in a frame.
        "--proxy",
        *("--frames", "'self' https://huggingface.co https://*.hf.space"),
    ]
)

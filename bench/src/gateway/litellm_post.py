# What LiteLLM's documentation shows for logging elsewhere: a custom logger that posts each call.

import json
import os

import httpx
from litellm.integrations.custom_logger import CustomLogger

URL = os.environ["AUDIT_URL"]


class Post(CustomLogger):
    def __init__(self):
        super().__init__()
        self.client = httpx.AsyncClient()

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        event = {
            "request_id": kwargs.get("litellm_call_id"),
            "model": kwargs.get("model"),
            "messages": kwargs.get("messages"),
            "response": response_obj.model_dump(mode="json"),
            "duration_ms": (end_time - start_time).total_seconds() * 1000,
        }
        body = json.dumps(event, separators=(",", ":"))
        await self.client.post(URL, content=body, headers={"content-type": "application/json"})


post = Post()

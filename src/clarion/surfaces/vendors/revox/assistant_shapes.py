"""Assistants as Revox's clients write them: the fields of SDK 0.5.0, and the older ones that went out of it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from clarion.surfaces.vendors.revox.bodies import Shape, Whole, rule
from clarion.surfaces.vendors.revox.retry_shapes import CallRetryConfig

OutcomeWord = Literal[
    "not_interested",
    "interested",
    "completed",
    "requested_callback_later",
    "none",
    "requested_callback_new_number",
    "do_not_contact",
    "ai_averse",
]
KEPT = "kept and answered; clarion does nothing with it yet"
INTEGRATION = "kept and answered; clarion does not speak to this service yet"
TALKING = "kept for the agent that speaks"
DRAWING = "kept and answered; it only draws a picture, there as here"
LONGEST_INTEGER = 2**53 - 1


class Calendly(Shape):
    """A link to a calendar."""

    connection_id: str = rule(INTEGRATION)
    event_type_id: str = rule(INTEGRATION)


class KeyValue(Shape):
    """A name and its value."""

    key: str = rule(TALKING, min_length=1)
    value: str = rule(TALKING)


class DataField(Shape):
    """Something that the agent is to find out."""

    name: str = rule("post_call_schema[].name: the name in an attempt's results", min_length=1)
    type: Literal["string", "number", "boolean", "enum", "date", "datetime"] = rule("post_call_schema[].type")
    required: bool = rule("post_call_schema[].required")
    description: str | None = rule("post_call_schema[].description", default=None)
    enum_options: list[str] | None = rule("post_call_schema[].options", default=None)


class ToolInput(Shape):
    """A parameter of a tool."""

    name: str = rule("tools[].parameters[].name", min_length=1)
    type: Literal["string", "number", "boolean", "enum", "date", "datetime"] = rule("tools[].parameters[].type")
    required: bool = rule("tools[].parameters[].required")
    description: str | None = rule("tools[].parameters[].description", default=None)
    enum_options: list[str] | None = rule("tools[].parameters[].options", default=None)


class CustomTool(Shape):
    """An HTTP call that the agent may make in a conversation."""

    name: str = rule("tools[].name: what the agent calls it")
    description: str = rule("tools[].description: when the agent uses it", min_length=1)
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = rule("tools[].method")
    url: str = rule("tools[].url", min_length=1)
    headers: list[KeyValue] = rule("tools[].headers")
    query_params: list[KeyValue] = rule("tools[].query")
    body_template: str | None = rule("tools[].body", default=None)
    input_schema: list[ToolInput] = rule("tools[].parameters: what the agent fills in")


class FaqItem(Shape):
    """A question with its answer."""

    question: str = rule("faq[].question")
    answer: str = rule("faq[].answer")


class LlmModel(Shape):
    """Which model speaks. The type says which of the other fields belong to it."""

    type: Literal["dedicated-instance", "openrouter", "custom", "realtime"] = rule("llm.type")
    name: Literal["gpt-4.1", "ministral-3-8b-instruct"] | None = rule("llm.name", default=None)
    openrouter_model_id: str | None = rule("llm.openrouter_model_id", default=None)
    openrouter_provider: str | None = rule("llm.openrouter_provider", default=None)
    api_key: str | None = rule("llm.api_key", default=None, min_length=1)
    api_url: str | None = rule("llm.api_url", default=None)
    model_name: str | None = rule("llm.model_name", default=None, min_length=1)
    provider: Literal["openai", "google"] | None = rule("llm.provider", default=None)
    realtime_model_id: str | None = rule("llm.realtime_model_id", default=None)
    realtime_voice_id: str | None = rule("llm.realtime_voice_id", default=None, min_length=1)

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        missing = [name for name in MODEL_NEEDS[self.type] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"A model of the type {self.type} needs {', '.join(missing)}.")
        return self


MODEL_NEEDS: dict[str, tuple[str, ...]] = {
    "dedicated-instance": ("name",),
    "openrouter": ("openrouter_model_id", "openrouter_provider"),
    "custom": ("api_key", "api_url", "model_name"),
    "realtime": ("provider", "realtime_model_id"),
}
"""What each type of model must say."""


class Position(Shape):
    """A place in a drawing."""

    x: float = rule(DRAWING, allow_inf_nan=False)
    y: float = rule(DRAWING, allow_inf_nan=False)


class FlowEdge(Shape):
    """An arrow of a drawing."""

    id: str = rule(DRAWING)
    source: str = rule(DRAWING)
    target: str = rule(DRAWING)


class FlowText(Shape):
    """A text in a drawing."""

    title: str = rule(DRAWING)
    body: str = rule(DRAWING)


class FlowNode(Shape):
    """A block of a drawing."""

    id: str = rule(DRAWING)
    type: Literal["promptBlock"] = rule(DRAWING)
    data: FlowText = rule(DRAWING)
    position: Position = rule(DRAWING)


class PromptFlow(Shape):
    """A drawing of the prompt."""

    edges: list[FlowEdge] = rule(DRAWING)
    nodes: list[FlowNode] = rule(DRAWING)


class SlackChannel(Shape):
    """A channel."""

    id: str = rule(INTEGRATION)
    name: str | None = rule(INTEGRATION, default=None)


class Slack(Shape):
    """Notes to Slack."""

    connection_id: str = rule(INTEGRATION)
    channels: list[SlackChannel] = rule(INTEGRATION)
    outcomes: list[OutcomeWord] = rule(INTEGRATION)
    template: str | None = rule(INTEGRATION, default=None)


class SttContext(Shape):
    """What the transcriber should know."""

    general: list[KeyValue] = rule("stt.context.general")
    terms: list[str] = rule("stt.context.terms")


class TransferDestination(Shape):
    """Where a person can be put through to."""

    label: str = rule("transfers[].label")
    phone_number: str = rule("transfers[].number")


class Voice(Shape):
    """Whose voice it is."""

    id: str = rule("voice.id", min_length=1)
    provider: Literal["cartesia", "elevenlabs", "gradium"] = rule("voice.provider")
    model: Literal["sonic-3", "sonic-3.5"] | None = rule("voice.model", default=None)
    speed: float | None = rule("voice.speed", default=None, ge=0.6, le=1.5)
    volume: float | None = rule("voice.volume", default=None, ge=0.5, le=2.0)


class ZohoField(Shape):
    """Which result goes where."""

    source: str = rule(INTEGRATION)
    zoho_field: str = rule(INTEGRATION)


class Zoho(Shape):
    """Entries in a CRM."""

    connection_id: str = rule(INTEGRATION)
    module: str = rule(INTEGRATION)
    field_mapping: list[ZohoField] = rule(INTEGRATION)
    log_call_activity: bool = rule(INTEGRATION)
    outcomes: list[OutcomeWord] = rule(INTEGRATION)
    template: str | None = rule(INTEGRATION, default=None)


class AssistantFields(Shape):
    """What may be said of an assistant, all of it optional."""

    call_retry_config: CallRetryConfig | None = rule(
        "calling: the windows and retries of campaigns and calls that bring none", default=None
    )
    from_phone_number: str | None = rule(
        "from_number: the caller ID of campaigns and calls that name none; a sender of the organisation", default=None
    )
    webhook_url: str | None = rule(
        "a webhook of the agent: {call, call_attempt} when a contact is finished; null takes it away", default=None
    )
    max_call_duration_secs: float = rule(
        "plan.max_duration of campaigns and calls made from now on; 0 is ten minutes, four hours are the most",
        default=600,
        ge=0,
        le=LONGEST_INTEGER,
    )
    voicemail_message: str | None = rule("plan.voicemail: a text is left on the machine, null hangs up", default=None)
    voicemail_sms_prompt: str | None = rule("voicemail.sms: " + KEPT, default=None)
    structured_output_config: list[DataField] | None = rule(
        "post_call_schema: what comes back as structured_output", default=None
    )
    structured_output_prompt: str | None = rule("post_call_prompt: " + TALKING, default=None)

    first_sentence: str | None = rule("first_sentence: " + TALKING, default=None)
    first_sentence_mode: Literal["generated", "static", "none"] = rule(
        "first_sentence_mode: " + TALKING, default="generated"
    )
    first_sentence_delay_ms: Whole = rule(
        "first_sentence_delay_ms: " + TALKING, default=400, ge=-LONGEST_INTEGER, le=LONGEST_INTEGER
    )
    end_of_call_sentence: str | None = rule("end_sentence: " + TALKING, default=None)
    max_duration_end_message: str | None = rule("max_duration_message: " + TALKING, default=None, max_length=150)
    llm_model: LlmModel = rule("llm: " + TALKING, default=None)
    voice: Voice | None = rule("voice: " + TALKING, default=None)
    stt_model: Literal["stt-rt-v4", "stt-rt-v5"] = rule("stt.model: " + TALKING, default="stt-rt-v5")
    stt_context: SttContext | None = rule("stt.context: " + TALKING, default=None)
    cartesia_dictionary_pronunciation_id: str | None = rule("voice.dictionary: " + TALKING, default=None)
    ivr_navigation_enabled: bool = rule("ivr_navigation: " + TALKING, default=False)
    transfer_destinations: list[TransferDestination] | None = rule("transfers: " + TALKING, default=None)
    transfer_phone_number: str | None = rule(
        "transfers: the one destination of older clients; " + TALKING, default=None
    )
    human_transfer_mode: Literal["warm", "cold"] | None = rule("transfers[].mode: " + TALKING, default=None)
    warm_transfer_summary_instructions: str | None = rule("transfers[].instructions: " + TALKING, default=None)
    custom_tools: list[CustomTool] | None = rule("tools: " + TALKING, default=None)
    faq_items: list[FaqItem] | None = rule("faq: " + TALKING, default=None)
    sms_enabled: bool = rule("in_call_sms.enabled: " + TALKING, default=False)
    sms_template: str | None = rule("in_call_sms.template: " + TALKING, default=None)
    background_sound: Literal["audio/office.ogg"] | None = rule("background_sound.file: " + TALKING, default=None)
    background_sound_volume: float = rule("background_sound.volume: " + TALKING, default=1.0, ge=0, le=1)
    thinking_sound: (
        Literal[
            "city-ambience.ogg",
            "forest-ambience.ogg",
            "office-ambience.ogg",
            "crowded-room.ogg",
            "keyboard-typing.ogg",
            "keyboard-typing2.ogg",
            "hold_music.ogg",
        ]
        | None
    ) = rule("thinking_sound.file: " + TALKING, default=None)
    thinking_sound_probability: float = rule("thinking_sound.probability: " + TALKING, default=1.0, ge=0, le=1)
    thinking_sound_volume: float = rule("thinking_sound.volume: " + TALKING, default=1.0, ge=0, le=1)

    type: Literal["standalone", "multi-step", "sub-assistant"] = rule(
        "a sub-assistant is left out of the list; flows of several assistants are not played", default="standalone"
    )
    after_call_sms_outcomes: list[OutcomeWord] | None = rule(KEPT, default=None)
    after_call_sms_prompt: str | None = rule(KEPT, default=None)
    email_notification_address: str | None = rule(KEPT, default=None)
    email_notification_outcomes: list[OutcomeWord] | None = rule(KEPT, default=None)
    precall_lookup_url: str | None = rule("kept and answered; it is for calls that come in", default=None)
    calendly: Calendly | None = rule(INTEGRATION, default=None)
    slack: Slack | None = rule(INTEGRATION, default=None)
    zoho: Zoho | None = rule(INTEGRATION, default=None)
    logo_url: str | None = rule(DRAWING, default=None)
    position: Position | None = rule(DRAWING, default=None)
    prompt_flow: PromptFlow | None = rule(DRAWING, default=None)


NAME = "the agent's name"
PROMPT = "prompt: " + TALKING


class NewAssistant(AssistantFields):
    """An assistant to be made."""

    name: str = rule(NAME, min_length=1, max_length=255)
    prompt: str = rule(PROMPT)


class AssistantChange(AssistantFields):
    """What is to be different about an assistant; fields that are not sent stay."""

    name: str = rule(NAME, default="", min_length=1, max_length=255)
    prompt: str = rule(PROMPT, default="")


class InlineAssistant(AssistantFields):
    """An assistant for one call. Equal ones are kept as one agent, which no list shows."""

    prompt: str = rule(PROMPT)

"""What Syllable's clients send for agents, prompts and custom messages, under its names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from clarion.surfaces.vendors.reference import acts
from clarion.surfaces.vendors.syllable.forms import Id, LongText, Name, Shape, Text, plain

FOR_AGENT = "config.syllable: kept for the voice agent"
FOR_PEOPLE = "kept, found by search"

Words = Annotated[dict[Name, Text], Field(max_length=500)]
NameText = Annotated[Name, Field(min_length=1)]


class ToolDefaultValue(Shape):
    """One preset parameter of a tool."""

    field_name: Name = Field(json_schema_extra=acts("config.tools: the parameter"))
    default_value: Annotated[Any, AfterValidator(plain)] = Field(json_schema_extra=acts("config.tools: its value"))


class ToolDefaults(Shape):
    """Preset parameters of a tool."""

    tool_name: Name = Field(json_schema_extra=acts("config.tools: which one"))
    default_values: Annotated[list[ToolDefaultValue], Field(max_length=200)] = Field(
        json_schema_extra=acts("config.tools: what its parameters are")
    )


class AgentInput(Shape):
    """An agent to create."""

    name: NameText = Field(json_schema_extra=acts("name"))
    type: Name = Field(json_schema_extra=acts("kept; there is ca_v1 alone"))
    prompt_id: Id = Field(json_schema_extra=acts("config.prompt and config.llm: the prompt as it is now"))
    timezone: Name = Field(json_schema_extra=acts("timezone: the clock of its campaigns' days and hours"))
    variables: Words = Field(json_schema_extra=acts("config.variables, without the beginning `vars.`"))
    tool_headers: Words | None = Field(json_schema_extra=acts("config.tools: headers of their requests"))
    description: Text | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    label: Name | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    labels: Annotated[list[Name], Field(max_length=50)] | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    prompt_version_number: Id | None = Field(
        None, json_schema_extra=acts("refused unless it is the prompt's present version: older ones are not kept")
    )
    custom_message_id: Id | None = Field(
        None, json_schema_extra=acts("config.first_sentence: what the agent says first, and what messages say")
    )
    language_group_id: Id | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    bridge_phrases_id: Id | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    prompt_tool_defaults: Annotated[list[ToolDefaults], Field(max_length=200)] = Field(
        default_factory=list, json_schema_extra=acts("config.tools")
    )
    languages: Annotated[list[Name], Field(max_length=100)] = Field(
        default_factory=list, json_schema_extra=acts("config.language: the first of them")
    )
    agent_initiated: bool = Field(False, json_schema_extra=acts("config.first_sentence_mode, without a custom message"))
    stt_provider: Name | None = Field(None, json_schema_extra=acts("config.stt"))
    wait_sound: Name | None = Field(None, json_schema_extra=acts("config.thinking_sound"))
    enable_verbal_language_change: bool = Field(False, json_schema_extra=acts(FOR_AGENT))


class AgentUpdate(AgentInput):
    """An agent to replace."""

    id: Id = Field(json_schema_extra=acts("which agent"))


class LlmConfig(Shape):
    """The model that a prompt is for."""

    provider: Name | None = Field("azure_openai", json_schema_extra=acts("config.llm"))
    model: Name | None = Field("gpt-4o", json_schema_extra=acts("config.llm"))
    version: Name | None = Field(None, json_schema_extra=acts("config.llm"))
    api_version: Name | None = Field(None, json_schema_extra=acts("config.llm"))
    temperature: Annotated[float, Field(allow_inf_nan=False)] | None = Field(None, json_schema_extra=acts("config.llm"))
    seed: Id | None = Field(None, json_schema_extra=acts("config.llm"))


class PromptInput(Shape):
    """A prompt to create."""

    name: NameText = Field(json_schema_extra=acts("name"))
    type: Name = Field(json_schema_extra=acts("kept"))
    llm_config: LlmConfig = Field(json_schema_extra=acts("config.llm of the agents that have it"))
    description: Text | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    labels: Annotated[list[Name], Field(max_length=50)] | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    context: LongText | None = Field(None, json_schema_extra=acts("config.prompt of the agents that have it"))
    tools: Annotated[list[Name], Field(max_length=200)] = Field(
        default_factory=list, json_schema_extra=acts("config.tools of the agents that have it")
    )
    session_end_enabled: bool = Field(False, json_schema_extra=acts(FOR_AGENT))
    session_end_tool_id: Id | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    edit_comments: Text | None = Field(None, json_schema_extra=acts("kept with the version"))
    include_default_tools: bool = Field(True, json_schema_extra=acts("config.tools: hangup is among them"))


class PromptUpdate(PromptInput):
    """A prompt to replace."""

    id: Id = Field(json_schema_extra=acts("which prompt"))


class MessageRule(Shape):
    """A variant of a custom message for some time, date or day."""

    description: Text = Field(json_schema_extra=acts(FOR_AGENT))
    invert: bool = Field(json_schema_extra=acts(FOR_AGENT))
    text: LongText = Field(json_schema_extra=acts(FOR_AGENT))
    time_range_start: Name | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    time_range_end: Name | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    date: Name | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    holidays: Annotated[list[Name], Field(max_length=50)] | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    days_of_week: Annotated[list[Literal["mo", "tu", "we", "th", "fr", "sa", "su"]], Field(max_length=7)] | None = (
        Field(None, json_schema_extra=acts(FOR_AGENT))
    )


class MessageInput(Shape):
    """A custom message to create."""

    name: NameText = Field(json_schema_extra=acts("name"))
    text: LongText = Field(
        json_schema_extra=acts("config.first_sentence of the agents that have it; the text of their SMS and mails")
    )
    edit_comments: Text | None = Field(None, json_schema_extra=acts("kept with the version"))
    type: Literal["greeting", "email_template"] = Field(
        "greeting", json_schema_extra=acts("a template needs a subject")
    )
    preamble: LongText | None = Field(None, json_schema_extra=acts("config.first_sentence: said before the text"))
    subject: Text | None = Field(None, json_schema_extra=acts("config.first_subject: the subject of mails"))
    label: Name | None = Field(None, json_schema_extra=acts(FOR_PEOPLE))
    repeat_after_language_change: bool | None = Field(None, json_schema_extra=acts(FOR_AGENT))
    rules: Annotated[list[MessageRule], Field(max_length=100)] = Field(
        default_factory=list, json_schema_extra=acts(FOR_AGENT)
    )


class MessageUpdate(MessageInput):
    """A custom message to replace."""

    id: Id = Field(json_schema_extra=acts("which message"))
    expected_version: Id | None = Field(
        None, json_schema_extra=acts("refused with 409 when it is another version by now")
    )
    restored_from_version: Id | None = Field(None, json_schema_extra=acts("kept with the version"))

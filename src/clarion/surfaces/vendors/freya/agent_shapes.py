"""Agents as Freya's clients write them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from clarion.surfaces.vendors.freya.forms import Form, LongText, Name, Object, Open, Short, Text, Whole, plain
from clarion.surfaces.vendors.freya.words import FIRST_MESSAGE_MODES
from clarion.surfaces.vendors.reference import acts

WORKSPACE = acts("none needed: the key's organisation is the workspace, whatever id is sent")
USER = acts("none needed: the key's user is the one who asks")
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Share = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Mode = Literal[
    "assistant-speaks-first",
    "assistant-speaks-first-with-model-generated-message",
    "assistant-waits-for-user",
]
assert set(Mode.__args__) == set(FIRST_MESSAGE_MODES)  # type: ignore[attr-defined]


class LlmConfig(Open):
    """What the agent says and which model thinks it."""

    provider: Short | None = Field(None, json_schema_extra=acts("agent llm.provider"))
    model: Short | None = Field(None, json_schema_extra=acts("agent llm.model"))
    systemPrompt: LongText | None = Field(
        None, json_schema_extra=acts("agent prompt, with {{placeholders}} from the customer's properties")
    )
    firstMessage: Text | None = Field(None, json_schema_extra=acts("agent first_sentence"))
    firstMessageMode: Mode | None = Field(
        None, json_schema_extra=acts("agent first_sentence_mode: static, generated or none")
    )
    disableInterruptionsDuringFirstMessage: bool | None = Field(
        None, json_schema_extra=acts("agent first_sentence_uninterrupted")
    )
    maxTokens: Whole | None = Field(None, json_schema_extra=acts("agent llm.max_tokens"))
    temperature: Share | None = Field(None, json_schema_extra=acts("agent llm.temperature"))
    tools: list[Any] | None = Field(None, json_schema_extra=acts("agent tools"))
    apiKey: Any = Field(
        None, json_schema_extra=acts("never kept: the installation's own account with the provider is used")
    )


class TtsConfig(Open):
    """How the agent sounds."""

    provider: Short | None = Field(None, json_schema_extra=acts("agent voice.provider"))
    model: Short | None = Field(None, json_schema_extra=acts("agent voice.model"))
    voiceId: Short | None = Field(None, json_schema_extra=acts("agent voice.id"))
    language: Short | None = Field(None, json_schema_extra=acts("agent language"))
    speed: Share | None = Field(None, json_schema_extra=acts("agent voice.speed"))
    stability: Share | None = Field(None, json_schema_extra=acts("agent voice.stability"))
    similarityBoost: Share | None = Field(None, json_schema_extra=acts("agent voice.similarity"))
    apiKey: Any = Field(
        None, json_schema_extra=acts("never kept: the installation's own account with the provider is used")
    )


class SstConfig(Open):
    """How the agent hears. The name is Freya's."""

    provider: Short | None = Field(None, json_schema_extra=acts("agent stt.provider"))
    model: Short | None = Field(None, json_schema_extra=acts("agent stt.model"))
    language: Short | None = Field(None, json_schema_extra=acts("agent stt.language"))
    temperature: Share | None = Field(None, json_schema_extra=acts("agent stt.temperature"))
    punctuate: bool | None = Field(None, json_schema_extra=acts("agent stt.punctuate"))
    diarize: bool | None = Field(None, json_schema_extra=acts("agent stt.diarize"))
    apiKey: Any = Field(
        None, json_schema_extra=acts("never kept: the installation's own account with the provider is used")
    )


class CallTimeoutSettings(Open):
    """How long a call lasts."""

    silenceTimeout: Seconds | None = Field(None, json_schema_extra=acts("agent silence_timeout_s"))
    maximumDuration: Seconds | None = Field(
        None, json_schema_extra=acts("plan.max_duration of campaigns made with the agent; at most four hours")
    )
    checkInMessage: Text | None = Field(None, json_schema_extra=acts("agent silence_message"))
    closureMessage: Text | None = Field(None, json_schema_extra=acts("agent max_duration_message"))


class VoicemailDetection(Open):
    """What to do when a machine answers."""

    enabled: bool | None = Field(
        None, json_schema_extra=acts("plan.voicemail: off, the agent talks on as if to a person")
    )
    messageMode: Short | None = Field(
        None, json_schema_extra=acts("plan.voicemail: none hangs up, anything else leaves a message")
    )
    staticMessage: Text | None = Field(None, json_schema_extra=acts("plan.voicemail.message"))
    voicemailResponseDelay: Seconds | None = Field(None, json_schema_extra=acts("agent voicemail.delay_s"))


class PrivacyConfig(Open):
    """What is kept of a conversation."""

    enableRecording: bool | None = Field(None, json_schema_extra=acts("plan.record of campaigns made with the agent"))


class PostConversationAnalysis(Open):
    """What is made of a conversation afterwards."""

    summaryPrompt: Text | None = Field(None, json_schema_extra=acts("agent summary_prompt"))


class Server(Open):
    """Where reports go."""

    url: Short | None = Field(None, json_schema_extra=acts("webhook: end-of-call-report after every call of the agent"))


class AgentConfig(Open):
    """An agent's configuration. Sections that are not named here are kept as they are."""

    llmConfig: LlmConfig | None = Field(None, json_schema_extra=acts("agent: each field by its own rule"))
    ttsConfig: TtsConfig | None = Field(None, json_schema_extra=acts("agent voice: each field by its own rule"))
    sstConfig: SstConfig | None = Field(None, json_schema_extra=acts("agent stt: each field by its own rule"))
    callTimeoutSettings: CallTimeoutSettings | None = Field(
        None, json_schema_extra=acts("agent: each field by its own rule")
    )
    voicemailDetection: VoicemailDetection | None = Field(
        None, json_schema_extra=acts("plan.voicemail of campaigns made with the agent")
    )
    privacyConfig: PrivacyConfig | None = Field(None, json_schema_extra=acts("agent: each field by its own rule"))
    postConversationAnalysis: PostConversationAnalysis | None = Field(
        None, json_schema_extra=acts("agent: each field by its own rule")
    )
    complianceConfig: Object | None = Field(
        None, json_schema_extra=acts("kept with the agent; calling hours and do-not-call lists hold in any case")
    )
    backgroundSoundUrl: Short | None = Field(None, json_schema_extra=acts("agent background_sound.url"))
    server: Server | None = Field(None, json_schema_extra=acts("webhook: end-of-call-report"))
    webhookUrl: Short | None = Field(None, json_schema_extra=acts("webhook: end-of-call-report, as server.url"))

    @model_validator(mode="before")
    @classmethod
    def _is_plain(cls, value: Any) -> Any:
        return plain(value)


class NewAgent(Form):
    """`POST /agents`."""

    name: Name = Field(json_schema_extra=acts("agent name; a campaign's assistantName finds it by it"))
    workspaceId: Short | None = Field(None, json_schema_extra=WORKSPACE)
    config: AgentConfig | None = Field(None, json_schema_extra=acts("agent config"))


class AgentChange(Form):
    """`PUT /agents/{id}`: sections of the config that are given replace those there are."""

    name: Name | None = Field(None, json_schema_extra=acts("agent name"))
    workspaceId: Short | None = Field(None, json_schema_extra=WORKSPACE)
    config: AgentConfig | None = Field(None, json_schema_extra=acts("agent config, section by section"))

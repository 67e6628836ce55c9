using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The JSON of the OpenAI-compatible API. Reading needs the converters of <see cref="Json.OpenAiReader"/> as well.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ChatCompletionRequest))]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(ChatCompletionChunkWithUsage))]
[JsonSerializable(typeof(TextCompletion))]
[JsonSerializable(typeof(TextCompletionWithUsage))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(ConversationCreation))]
[JsonSerializable(typeof(ConversationObject))]
[JsonSerializable(typeof(DeletedConversation))]
[JsonSerializable(typeof(ConversationItemList))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ContentPart))]
[JsonSerializable(typeof(TemplateMessage[]))]
internal sealed partial class OpenAiJsonContext : JsonSerializerContext;

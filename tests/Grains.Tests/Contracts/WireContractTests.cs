using System.Reflection;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Contracts;

/// <summary>
/// Pins what nodes of different versions must agree on: the alias of each message, and which member has which id. A line that
/// changes here breaks a rolling upgrade; new members get new ids at the end.
/// </summary>
public sealed class WireContractTests
{
    private const string Pinned = """
        deepseek.AnswerKey: 0=Tenant 1=Model 2=Digest
        deepseek.AnswerScope: 0=Tenant 1=Model
        deepseek.Attempt: 0=RequestId 1=StreamId 2=Number
        deepseek.CachedResponse: 0=TokenIds 1=Finish 2=Facts
        deepseek.Completion: 0=Attempt 1=Model 2=Worker 3=WorkerAnswered 5=Response 6=AnswerKey 7=Followed
        deepseek.Conversation: 0=CreatedAt 1=Metadata 2=Opening 3=Turns
        deepseek.ConversationMessage: 0=Role 1=Content
        deepseek.ConversationReply: 0=Outcome 1=Conversation 2=RetryAfter
        deepseek.ConversationTurn: 0=Id 1=Messages
        deepseek.Dispatch: 0=Kind 1=Worker 2=Attempt 3=Response 4=RetryAfter 5=CachedTokens
        deepseek.GenerationOrder: 0=Tenant 1=PromptIds 2=EmittedIds 3=MaxTokens 4=Sampling 5=StopTokenIds 6=StopStrings 7=Breaks 8=AnswerKey
        deepseek.PrefixReport: 0=Worker 1=Epoch 2=Since 3=UpTo 4=BlockTokens 5=Slots
        deepseek.SamplingOrder: 0=Temperature 1=TopP 2=TopK 3=MinP 4=RepetitionPenalty 5=PresencePenalty 6=FrequencyPenalty 7=LogitBias 8=Seed
        deepseek.SessionRequest: 0=RequestId 1=StreamId 2=Model 3=PromptTokens 4=MaxTokens 5=PrefixChain 7=AttemptNumber 8=AnswerKey
        deepseek.SlotPrefix: 0=Slot 1=Blocks
        deepseek.StreamDelta: 0=StreamId 1=AttemptNumber 2=FirstIndex 3=TokenIds 4=Finish 5=Facts
        deepseek.StreamFacts: 0=CachedTokens 1=ModelVersion 2=Precision 3=Provider
        deepseek.TenantName: 0=Value
        deepseek.TokenBatch: 0=Worker 1=Epoch 2=Number 3=Deltas
        deepseek.WorkerKey: 0=Silo 1=Device 2=Model
        deepseek.WorkerStatus: 0=Worker 1=State 2=Number 3=Running 4=Waiting 5=Slots 6=QueueLimit 7=ContextLength 8=ModelVersion 9=QueuedTokens 10=PrefillCost 11=DecodeCost
        """;

    [Fact]
    public void Messages_AliasesAndIds_AreAsPinned()
    {
        IEnumerable<string> lines =
            from type in typeof(Attempt).Assembly.GetExportedTypes()
            where type.GetCustomAttribute<GenerateSerializerAttribute>() is not null
            let members =
                from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                let id = property.GetCustomAttribute<IdAttribute>()
                where id is not null
                orderby id.Id
                select $"{id.Id}={property.Name}"
            select $"{type.GetCustomAttribute<AliasAttribute>()?.Alias}: {string.Join(' ', members)}";

        Assert.Equal(Pinned.ReplaceLineEndings("\n"), string.Join('\n', lines.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData(typeof(StreamFinish), "Stop=0 Length=1 Cancelled=2 ModelFault=3 WorkerStopping=4 RepeatedFault=5 WorkerStalled=6")]
    [InlineData(typeof(StartReply), "Admitted=0 Full=1 Draining=2 NeverFits=3 Superseded=4 Joined=5")]
    [InlineData(typeof(ConversationOutcome), "Done=0 Unknown=1 Conflict=2 Full=3 StoreAway=4")]
    [InlineData(typeof(DispatchKind), "Run=0 Cached=1 Busy=2 NoWorker=3 Follow=4")]
    [InlineData(typeof(WorkerState), "Loading=0 Ready=1 Draining=2 Unhealthy=3")]
    public void Enums_Numbers_AreAsPinned(Type type, string pinned) =>
        Assert.Equal(pinned, string.Join(' ', Enum.GetValues(type).Cast<object>().Select(value => $"{value}={(int)value}")));
}

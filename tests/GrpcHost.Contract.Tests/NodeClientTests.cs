namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>The scenarios with @grpc/grpc-js.</summary>
public sealed class NodeClientTests() : ForeignClientTests(ForeignClient.Node)
{
    [Fact]
    public Task Echo_Unary_ReturnsTheMessage() => EchoReturnsTheMessage();

    [Fact]
    public Task Count_ServerStream_DeliversEveryMessage() => ServerStreamDeliversEveryMessage();

    [Fact]
    public Task Sum_ClientStream_ReturnsTheSum() => ClientStreamIsSummedUp();

    [Fact]
    public Task Chat_Duplex_AnswersEachMessage() => DuplexStreamIsAnswered();

    [Fact]
    public Task Wait_DeadlinePasses_EndsOnBothSides() => DeadlineEndsTheCallOnBothSides();

    [Fact]
    public Task Count_ClientCancels_ServiceSeesIt() => CancellationReachesTheService();

    [Fact]
    public Task Echo_MessageOverTheLimit_IsResourceExhausted() => TooLargeMessageIsResourceExhausted();

    [Fact]
    public Task Echo_GzippedRequest_IsServed() => GzippedRequestIsServed();

    [Fact]
    public Task Reflect_TextAndBinaryMetadata_ComeBack() => MetadataComesBack();

    [Fact]
    public Task Fail_UnicodeMessage_ArrivesWithItsStatus() => StatusAndUnicodeMessageArrive();

    [Fact]
    public Task Missing_NotOverridden_IsUnimplemented() => MissingMethodIsUnimplemented();
}

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>The scenarios with grpcio, the C-core client.</summary>
public sealed class PythonClientTests() : ForeignClientTests(ForeignClient.Python)
{
    [PythonFact]
    public Task Echo_Unary_ReturnsTheMessage() => EchoReturnsTheMessage();

    [PythonFact]
    public Task Count_ServerStream_DeliversEveryMessage() => ServerStreamDeliversEveryMessage();

    [PythonFact]
    public Task Sum_ClientStream_ReturnsTheSum() => ClientStreamIsSummedUp();

    [PythonFact]
    public Task Chat_Duplex_AnswersEachMessage() => DuplexStreamIsAnswered();

    [PythonFact]
    public Task Wait_DeadlinePasses_EndsOnBothSides() => DeadlineEndsTheCallOnBothSides();

    [PythonFact]
    public Task Count_ClientCancels_ServiceSeesIt() => CancellationReachesTheService();

    [PythonFact]
    public Task Echo_MessageOverTheLimit_IsResourceExhausted() => TooLargeMessageIsResourceExhausted();

    [PythonFact]
    public Task Echo_GzippedRequest_IsServed() => GzippedRequestIsServed();

    [PythonFact]
    public Task Reflect_TextAndBinaryMetadata_ComeBack() => MetadataComesBack();

    [PythonFact]
    public Task Fail_UnicodeMessage_ArrivesWithItsStatus() => StatusAndUnicodeMessageArrive();

    [PythonFact]
    public Task Missing_NotOverridden_IsUnimplemented() => MissingMethodIsUnimplemented();
}

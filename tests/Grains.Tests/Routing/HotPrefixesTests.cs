using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class HotPrefixesTests
{
    [Fact]
    public void Replicas_ShareOfTwoWorkers_WantsThree()
    {
        var hot = new HotPrefixes();
        int replicas = 0;

        // a fifth of all requests where a worker's share is a tenth
        for (int request = 0; request < 500; request++)
        {
            hot.CountRequest();
            replicas = request % 5 == 0 ? hot.Replicas(1, workers: 10) : replicas;
        }

        Assert.Equal(HotPrefixes.MostReplicas, replicas);
    }

    [Fact]
    public void Replicas_LessThanOneWorkersShare_WantsOne()
    {
        var hot = new HotPrefixes();

        for (int request = 0; request < 1_000; request++)
        {
            hot.CountRequest();
            int wanted = hot.Replicas((ulong)(request % 50), workers: 10);
            Assert.True(request < 500 || wanted == 1, $"{wanted} at request {request}");
        }
    }

    [Fact]
    public void Replicas_PrefixesThatNeverComeAgain_AreForgotten()
    {
        var hot = new HotPrefixes(window: 100);

        for (int request = 0; request < 10_000; request++)
        {
            hot.CountRequest();
            hot.Replicas((ulong)request, workers: 10);
            Assert.InRange(hot.Count, 1, 200);
        }
    }
}

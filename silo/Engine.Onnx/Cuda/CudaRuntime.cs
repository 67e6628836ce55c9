using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Engine.Onnx.Cuda;

/// <summary>
/// The few calls of the CUDA runtime API that ONNX Runtime's binding has no counterpart of: copies in and out of fixed buffers, and how
/// much memory is left. The library is one that the CUDA provider needs anyway.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    private const int OutOfMemory = 2;

    // enum cudaMemcpyKind of driver_types.h
    private const int HostToDevice = 1;
    private const int DeviceToHost = 2;
    private const int DeviceToDevice = 3;

    // newest first; the provider of a package needs one of them
    private static readonly string[] Names = OperatingSystem.IsWindows()
        ? ["cudart64_13.dll", "cudart64_12.dll"]
        : ["libcudart.so.13", "libcudart.so.12"];

    private readonly delegate* unmanaged<int, int> _setDevice;
    private readonly delegate* unmanaged<int*, int> _getDeviceCount;
    private readonly delegate* unmanaged<nuint*, nuint*, int> _memGetInfo;
    private readonly delegate* unmanaged<void**, nuint, int> _malloc;
    private readonly delegate* unmanaged<void*, int> _free;
    private readonly delegate* unmanaged<void**, nuint, int> _mallocHost;
    private readonly delegate* unmanaged<void*, int> _freeHost;
    private readonly delegate* unmanaged<void*, void*, nuint, int, int> _memcpy;
    private readonly delegate* unmanaged<void*, nuint, void*, nuint, nuint, nuint, int, int> _memcpy2D;
    private readonly delegate* unmanaged<void*, int, nuint, int> _memset;
    private readonly delegate* unmanaged<int> _deviceSynchronize;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;

    private CudaRuntime(nint library)
    {
        _setDevice = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _getDeviceCount = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cudaGetDeviceCount");
        _memGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)NativeLibrary.GetExport(library, "cudaMemGetInfo");
        _malloc = (delegate* unmanaged<void**, nuint, int>)NativeLibrary.GetExport(library, "cudaMalloc");
        _free = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "cudaFree");
        _mallocHost = (delegate* unmanaged<void**, nuint, int>)NativeLibrary.GetExport(library, "cudaMallocHost");
        _freeHost = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "cudaFreeHost");
        _memcpy = (delegate* unmanaged<void*, void*, nuint, int, int>)NativeLibrary.GetExport(library, "cudaMemcpy");
        _memcpy2D = (delegate* unmanaged<void*, nuint, void*, nuint, nuint, nuint, int, int>)NativeLibrary.GetExport(library, "cudaMemcpy2D");
        _memset = (delegate* unmanaged<void*, int, nuint, int>)NativeLibrary.GetExport(library, "cudaMemset");
        _deviceSynchronize = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "cudaDeviceSynchronize");
        _getErrorString = (delegate* unmanaged<int, byte*>)NativeLibrary.GetExport(library, "cudaGetErrorString");
    }

    /// <summary>Null where the library is not installed.</summary>
    public static CudaRuntime? TryLoad()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return new CudaRuntime(library);
            }
        }

        return null;
    }

    /// <returns>The number of GPUs, or what the runtime says instead, which it also does when the driver is missing or too old.</returns>
    public (int Count, string? Error) CountDevices()
    {
        int count = 0;
        int error = _getDeviceCount(&count);
        return error == 0 ? (count, null) : (0, Describe(error));
    }

    /// <summary>Every other call of this thread is about this GPU.</summary>
    public void SetDevice(int device) => Check(_setDevice(device), "cudaSetDevice");

    public long FreeBytes()
    {
        nuint free = 0;
        nuint total = 0;
        Check(_memGetInfo(&free, &total), "cudaMemGetInfo");
        return (long)free;
    }

    public nint Allocate(long bytes) => Allocate(_malloc, bytes);

    public void Free(nint memory) => Check(_free((void*)memory), "cudaFree");

    /// <summary>Page-locked memory of the host: copies from it are complete when they return, and need no second copy on the way.</summary>
    public nint AllocateHost(long bytes) => Allocate(_mallocHost, bytes);

    public void FreeHost(nint memory) => Check(_freeHost((void*)memory), "cudaFreeHost");

    public void ToDevice(nint device, nint host, long bytes) =>
        Check(_memcpy((void*)device, (void*)host, (nuint)bytes, HostToDevice), "cudaMemcpy to the device");

    public void ToHost(nint host, nint device, long bytes) =>
        Check(_memcpy((void*)host, (void*)device, (nuint)bytes, DeviceToHost), "cudaMemcpy to the host");

    public void CopyRows(nint target, nint source, long rowBytes, int rows, long stride) => Check(
        _memcpy2D((void*)target, (nuint)stride, (void*)source, (nuint)stride, (nuint)rowBytes, (nuint)rows, DeviceToDevice), "cudaMemcpy2D");

    public void Fill(nint memory, long bytes, byte value) => Check(_memset((void*)memory, value, (nuint)bytes), "cudaMemset");

    /// <summary>Waits for what was only begun: copies within the device, and fillings.</summary>
    public void Synchronize() => Check(_deviceSynchronize(), "cudaDeviceSynchronize");

    private nint Allocate(delegate* unmanaged<void**, nuint, int> allocate, long bytes)
    {
        void* memory = null;
        int error = allocate(&memory, (nuint)bytes);
        return error == OutOfMemory
            ? throw new InsufficientMemoryException($"the GPU has no {bytes >> 20} MiB left: lower Onnx:Slots or Onnx:ContextLength")
            : Checked((nint)memory, error);
    }

    private nint Checked(nint memory, int error)
    {
        Check(error, "allocating memory");
        return memory;
    }

    private void Check(int error, string call)
    {
        if (error != 0)
        {
            throw new ModelRunException($"{call} failed with CUDA error {Describe(error)}");
        }
    }

    private string Describe(int error) => $"{error} ({Marshal.PtrToStringUTF8((nint)_getErrorString(error))})";
}
